package participant

import "bytes"

// joinMessage is what Proof signs.
func joinMessage(federationUID, participant string, nonce []byte) []byte {
	return bytes.Join([][]byte{[]byte("mfn.v1.join"), []byte(federationUID), []byte(participant), nonce}, []byte{0})
}

// updateMessage is what UpdateBegin signs.
func updateMessage(claim []byte) []byte {
	return bytes.Join([][]byte{[]byte("mfn.v1.update"), claim}, []byte{0})
}
