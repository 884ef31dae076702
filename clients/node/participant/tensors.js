// A model is a Map of tensor names to Float32Array or Float64Array, in C order.
import { ElementType } from "../gen/mfn_grpc/v1/types_pb.js";

const ARRAYS = new Map([
  [ElementType.FLOAT32, Float32Array],
  [ElementType.FLOAT64, Float64Array],
]);

/** The tensors of a payload. */
export function decode(manifest, payload) {
  return new Map(manifest.tensors.map((tensor) => {
    const begin = Number(tensor.offset);
    const bytes = payload.slice(begin, begin + Number(tensor.sizeBytes)); // a copy, which begins at a multiple of 8
    return [tensor.name, new (arrayOf(tensor))(bytes.buffer)];
  }));
}

/** The payload of a model, in the types of the manifest. */
export function encode(manifest, model) {
  return Buffer.concat(manifest.tensors.map((tensor) => {
    const values = arrayOf(tensor).from(model.get(tensor.name));
    if (values.byteLength !== Number(tensor.sizeBytes)) {
      throw new Error(`tensor ${tensor.name} was trained to ${values.length} elements, which is not its size`);
    }
    return Buffer.from(values.buffer);
  }));
}

function arrayOf(tensor) {
  const found = ARRAYS.get(tensor.elementType);
  if (found === undefined) {
    throw new Error(`tensor ${tensor.name} is ${ElementType[tensor.elementType]}; FLOAT32 and FLOAT64 are read here`);
  }
  return found;
}
