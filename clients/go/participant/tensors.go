package participant

import (
	"encoding/binary"
	"fmt"
	"math"

	mfn "github.com/neuron7x/mfn-grpc/clients/go/gen/mfn_grpc/v1"
)

// Model is the elements of every tensor, in C order, by its name.
type Model map[string][]float64

// decode reads the tensors of a payload.
func decode(manifest *mfn.TensorManifest, payload []byte) (Model, error) {
	model := Model{}
	for _, tensor := range manifest.GetTensors() {
		raw := payload[tensor.GetOffset() : tensor.GetOffset()+tensor.GetSizeBytes()]
		switch tensor.GetElementType() {
		case mfn.ElementType_ELEMENT_TYPE_FLOAT32:
			values := make([]float64, len(raw)/4)
			for i := range values {
				values[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
			}
			model[tensor.GetName()] = values
		case mfn.ElementType_ELEMENT_TYPE_FLOAT64:
			values := make([]float64, len(raw)/8)
			for i := range values {
				values[i] = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))
			}
			model[tensor.GetName()] = values
		default:
			return nil, fmt.Errorf("tensor %q is %s; this participant reads FLOAT32 and FLOAT64",
				tensor.GetName(), tensor.GetElementType())
		}
	}
	return model, nil
}

// encode writes the tensors of a payload in the types of the manifest.
func encode(manifest *mfn.TensorManifest, model Model) ([]byte, error) {
	var payload []byte
	for _, tensor := range manifest.GetTensors() {
		values, size := model[tensor.GetName()], int(tensor.GetSizeBytes())
		before := len(payload)
		for _, value := range values {
			if tensor.GetElementType() == mfn.ElementType_ELEMENT_TYPE_FLOAT64 {
				payload = binary.LittleEndian.AppendUint64(payload, math.Float64bits(value))
			} else {
				payload = binary.LittleEndian.AppendUint32(payload, math.Float32bits(float32(value)))
			}
		}
		if len(payload)-before != size {
			return nil, fmt.Errorf("tensor %q was trained to %d elements, which is not its size", tensor.GetName(), len(values))
		}
	}
	return payload, nil
}
