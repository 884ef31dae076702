package participant

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"hash/crc32"

	"google.golang.org/protobuf/proto"

	mfn "github.com/neuron7x/mfn-grpc/clients/go/gen/mfn_grpc/v1"
)

const chunkBytes = 256 * 1024

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// download is a model that arrives in chunks.
type download struct {
	begin   *mfn.ModelBegin
	payload []byte
}

// newDownload continues the one before when that was of the same model: bytes below the offset are not sent again.
func newDownload(begin *mfn.ModelBegin, before *download) *download {
	if offset := begin.GetOffset(); offset > 0 && before != nil && uint64(len(before.payload)) >= offset {
		return &download{begin: begin, payload: before.payload[:offset]}
	}
	return &download{begin: begin, payload: make([]byte, 0, begin.GetTotalBytes())}
}

func (d *download) complete() bool {
	return uint64(len(d.payload)) == d.begin.GetTotalBytes()
}

func (d *download) add(chunk *mfn.Chunk) error {
	if chunk.GetOffset() != uint64(len(d.payload)) || crc32.Checksum(chunk.GetData(), castagnoli) != chunk.GetCrc32C() {
		return fmt.Errorf("the chunk at %d of the model is out of order or damaged", chunk.GetOffset())
	}
	d.payload = append(d.payload, chunk.GetData()...)
	return nil
}

func (d *download) decode() (Model, error) {
	if digest := sha256.Sum256(d.payload); !bytes.Equal(digest[:], d.begin.GetModel().GetSha256()) {
		return nil, fmt.Errorf("the bytes of model %d do not have its digest", d.begin.GetModel().GetVersion())
	}
	return decode(d.begin.GetManifest(), d.payload)
}

// upload is a signed update and its bytes.
type upload struct {
	begin   *mfn.UpdateBegin
	payload []byte
}

// newUpload makes the update of a task; a DELTA when the policy asks for one.
func newUpload(
	who Identity, policy *mfn.FederationPolicy, task *mfn.RoundStart, manifest *mfn.TensorManifest, before Model, trained Trained,
) (*upload, error) {
	values := trained.Weights
	if policy.GetUpdateKind() == mfn.UpdateKind_UPDATE_KIND_DELTA {
		values = difference(trained.Weights, before)
	}
	payload, err := encode(manifest, values)
	if err != nil {
		return nil, err
	}
	rawManifest, err := proto.Marshal(manifest)
	if err != nil {
		return nil, err
	}
	manifestDigest, payloadDigest := sha256.Sum256(rawManifest), sha256.Sum256(payload)
	claim, err := proto.Marshal(&mfn.UpdateClaim{
		FederationUid:  task.GetModel().GetFederationUid(),
		Participant:    who.Name,
		Round:          task.GetRound(),
		Model:          task.GetModel(),
		Kind:           policy.GetUpdateKind(),
		ManifestSha256: manifestDigest[:],
		PayloadSha256:  payloadDigest[:],
		NumExamples:    trained.NumExamples,
		Metrics:        trained.Metrics,
	})
	if err != nil {
		return nil, err
	}
	signature := ed25519.Sign(who.Key, updateMessage(claim))
	return &upload{&mfn.UpdateBegin{Claim: claim, Signature: signature, Manifest: rawManifest}, payload}, nil
}

// send writes the payload from an offset on.
func (u *upload) send(offset uint64, send func(*mfn.FederateRequest) error) error {
	for begin := int(offset); begin < len(u.payload); begin += chunkBytes {
		data := u.payload[begin:min(begin+chunkBytes, len(u.payload))]
		chunk := &mfn.Chunk{Offset: uint64(begin), Data: data, Crc32C: crc32.Checksum(data, castagnoli)}
		if err := send(&mfn.FederateRequest{Message: &mfn.FederateRequest_Chunk{Chunk: chunk}}); err != nil {
			return err
		}
	}
	return nil
}

func difference(after, before Model) Model {
	delta := Model{}
	for name, values := range after {
		delta[name] = make([]float64, len(values))
		for i, value := range values {
			delta[name][i] = value - before[name][i]
		}
	}
	return delta
}
