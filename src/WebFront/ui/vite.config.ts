import { defineConfig } from 'vitest/config';

export default defineConfig({
  build: {
    target: 'es2022',
    // The content security policy allows no data: scripts or styles and no inline code, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ['index.html', 'sign-in.html', 'sign-in-expired.html'] },
  },
  server: {
    // `npm run dev` beside a running server. The server accepts its own address only as Host and Origin.
    proxy: { '^/(api|health)': { target: 'http://127.0.0.1:8000', changeOrigin: true } },
  },
  // Nothing in the tests waits for real time; the limits only end a test that hangs on a busy machine.
  test: { include: ['tests/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
});
