import { createHash, sign } from "node:crypto";

import { crc32c } from "@aws-crypto/crc32c";
import { create, toBinary } from "@bufbuild/protobuf";

import {
  ChunkSchema,
  TensorManifestSchema,
  UpdateBeginSchema,
  UpdateClaimSchema,
  UpdateKind,
} from "../gen/mfn_grpc/v1/federation_pb.js";
import { updateMessage } from "./signing.js";
import { decode, encode } from "./tensors.js";

const CHUNK_BYTES = 256 * 1024;

/** A model that arrives in chunks; bytes that an earlier download of the same model holds are not sent again. */
export class Download {
  #payload;
  #held;

  constructor(begin, before) {
    this.begin = begin;
    this.#held = Number(begin.offset);
    this.#payload = this.#held > 0 && before ? before.#payload : new Uint8Array(Number(begin.totalBytes));
  }

  get complete() {
    return this.#held === this.#payload.length;
  }

  add({ offset, data, crc32c: announced }) {
    if (Number(offset) !== this.#held || crc32c(data) !== announced) {
      throw new Error(`the chunk at ${offset} of the model is out of order or damaged`);
    }
    this.#payload.set(data, this.#held);
    this.#held += data.length;
  }

  decode() {
    if (!sha256(this.#payload).equals(this.begin.model.sha256)) {
      throw new Error(`the bytes of model ${this.begin.model.version} do not have its digest`);
    }
    return decode(this.begin.manifest, this.#payload);
  }
}

/** A signed update and its bytes; a DELTA when the policy asks for one. */
export class Upload {
  #payload;

  constructor(who, policy, task, manifest, before, { weights, numExamples, metrics }) {
    this.#payload = encode(manifest, policy.updateKind === UpdateKind.DELTA ? difference(weights, before) : weights);
    const rawManifest = toBinary(TensorManifestSchema, manifest);
    const claim = toBinary(UpdateClaimSchema, create(UpdateClaimSchema, {
      federationUid: task.model.federationUid,
      participant: who.name,
      round: task.round,
      model: task.model,
      kind: policy.updateKind,
      manifestSha256: sha256(rawManifest),
      payloadSha256: sha256(this.#payload),
      numExamples: BigInt(numExamples),
      metrics,
    }));
    const signature = sign(null, updateMessage(claim), who.key);
    this.begin = create(UpdateBeginSchema, { claim, signature, manifest: rawManifest });
  }

  /** The payload from an offset on. */
  *chunks(offset) {
    for (let begin = Number(offset); begin < this.#payload.length; begin += CHUNK_BYTES) {
      const data = this.#payload.subarray(begin, begin + CHUNK_BYTES);
      yield create(ChunkSchema, { offset: BigInt(begin), data, crc32c: crc32c(data) });
    }
  }
}

function difference(after, before) {
  return new Map([...after].map(([name, values]) => {
    const old = before.get(name);
    return [name, Float64Array.from(values, (value, i) => value - old[i])];
  }));
}

function sha256(data) {
  return createHash("sha256").update(data).digest();
}
