/** The other end of LimitProgram: says that this process is ready, and answers each message with what `run` makes of it. */
export function serveRounds<Work, Done extends object>(run: (work: Work) => Promise<Done>): void {
  const answer = async (work: Work): Promise<void> => {
    const done = await run(work); // where it rejects the process ends, and LimitProgram tells so
    process.send?.(done);
  };
  process.on('message', (work: Work) => void answer(work));
  process.on('SIGTERM', () => process.exit(0));
  process.send?.({});
}
