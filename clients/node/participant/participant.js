// Takes part in a federation, written against the generated stubs alone. It shows the protocol of
// FederationService.Federate in its plainest form: one session, one update a round, a heartbeat in between. A break
// rejects the promise of `participate`; what the server acknowledged counts, and the next one resumes.
import { sign } from "node:crypto";

import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import { FederateRequestSchema, FederationService } from "../gen/mfn_grpc/v1/federation_pb.js";
import { Outbox } from "./outbox.js";
import { joinMessage } from "./signing.js";
import { Download, Upload } from "./transfer.js";

/**
 * Takes part until the federation is over; resolves to its last words, a Finished message.
 *
 * @param server Address, such as "http://127.0.0.1:50051".
 * @param who {name, key}: federations/{f}/participants/{p}, and the private key that it was enrolled with.
 * @param fit async (model, config) => {weights, numExamples, metrics}; a model is a Map of names to number arrays.
 * @param report Called with the kind and the value of every UpdateAck and RoundResult.
 * @param headers Sent with the call, such as {"x-api-key": key}.
 */
export async function participate(server, who, fit, { report = () => {}, headers = {} } = {}) {
  const client = createClient(FederationService, createGrpcTransport({ baseUrl: server }));
  const outbox = new Outbox();
  const session = new Session(who, fit, report, outbox);
  session.say("join", { participant: who.name, capabilities: { client: "mfn-grpc Node participant" } });
  try {
    for await (const { message } of client.federate(outbox, { headers })) {
      if (message.case === "finished") return message.value;
      session.answer(message);
    }
  } finally {
    session.end();
  }
  throw new Error("the server closed the stream before the federation was over");
}

class Session {
  #who;
  #fit;
  #report;
  #outbox;
  #policy;
  #task;
  #download;
  #upload;
  #heartbeat;

  constructor(who, fit, report, outbox) {
    this.#who = who;
    this.#fit = fit;
    this.#report = report;
    this.#outbox = outbox;
  }

  say(kind, value) {
    this.#outbox.push(create(FederateRequestSchema, { message: { case: kind, value } }));
  }

  end() {
    clearInterval(this.#heartbeat);
    this.#outbox.end();
  }

  /** Does what one message asks for; one of a kind that is not known here is skipped, as the protocol says. */
  answer({ case: kind, value }) {
    switch (kind) {
      case "challenge":
        return this.#prove(value);
      case "welcome":
        this.#policy = value.policy;
        this.#heartbeat = setInterval(() => this.say("heartbeat", {}), 1000 * value.policy.heartbeatSeconds);
        return;
      case "roundStart":
        this.#task = value.selected ? value : undefined;
        return;
      case "modelBegin":
        this.#download = new Download(value, this.#download);
        return this.#trainWhenComplete();
      case "chunk":
        this.#download.add(value);
        return this.#trainWhenComplete();
      case "resume":
        for (const chunk of this.#upload.chunks(value.offset)) this.say("chunk", chunk);
        return;
      case "updateAck":
      case "roundResult":
        this.#report(kind, value);
    }
  }

  #prove({ federationUid, nonce }) {
    const signature = sign(null, joinMessage(federationUid, this.#who.name, nonce), this.#who.key);
    this.say("proof", { signature });
  }

  #trainWhenComplete() {
    if (this.#task === undefined || !this.#download.complete) return;
    const task = this.#task;
    this.#task = undefined;
    this.#train(task, this.#download).catch((error) => this.#outbox.fail(error));
  }

  /** Trains beside the stream, so that heartbeats go on, and offers the update. */
  async #train(task, download) {
    const model = download.decode();
    const trained = await this.#fit(model, task.config);
    this.#upload = new Upload(this.#who, this.#policy, task, download.begin.manifest, model, trained);
    this.say("updateBegin", this.#upload.begin);
  }
}
