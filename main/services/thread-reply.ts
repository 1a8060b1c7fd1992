/** What a compute thread answers: one message, since each of them wakes the thread that waits. */
export interface ThreadReply {
  readonly output: unknown;
  /** Bytes read since progress was told last. */
  readonly unreported: number;
}
