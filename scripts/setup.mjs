/** `npm run setup`: makes a bare clone ready to be worked on, as `npm start` and `npm test` do by themselves. */
import { bootstrap } from './bootstrap.mjs';
import { runMain } from './console.mjs';

await runMain(async () => {
  await bootstrap({ java: true, build: null, onLine: (line) => console.log(line) });
  return 0;
});
