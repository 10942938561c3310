/** The thread in the address bar. Nothing else is ever taken from there. */
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function threadIdFrom(search: string): string | null {
  const id = new URLSearchParams(search).get('thread');
  return id !== null && uuid.test(id) ? id.toLowerCase() : null;
}

export function addressOf(threadId: string | null): string {
  return threadId === null ? '/' : `/?thread=${threadId}`;
}
