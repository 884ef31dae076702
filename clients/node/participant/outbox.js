// What is to be sent: an async iterable that yields messages as they are pushed, until its end.
export class Outbox {
  #waiting = [];
  #wake = () => {};
  #ended = false;
  #error;

  push(message) {
    this.#waiting.push(message);
    this.#wake();
  }

  end() {
    this.#ended = true;
    this.#wake();
  }

  /** Ends the stream with an error. */
  fail(error) {
    this.#error = error;
    this.end();
  }

  async *[Symbol.asyncIterator]() {
    while (true) {
      while (this.#waiting.length > 0) yield this.#waiting.shift();
      if (this.#error) throw this.#error;
      if (this.#ended) return;
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }
}
