/** An error that a JSON-RPC server answered. */
export class JsonRpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly data: { code?: string; field?: string; id?: string } | undefined,
  ) {
    super(message);
  }
}

let nextId = 1;

/** One JSON-RPC call. @throws JsonRpcError; Error where what answers is no JSON-RPC server, such as a node that starts */
export async function callRpc<T = unknown>(url: string, method: string, params: unknown): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: nextId++, method, params }),
  });
  const answer = (await response.json()) as {
    result?: T;
    error?: { code: number; message: string; data?: { code?: string; field?: string; id?: string } };
  };
  if (answer.error) throw new JsonRpcError(answer.error.code, answer.error.message, answer.error.data);
  if (!('result' in answer)) throw new Error(`HTTP ${response.status} to ${method}: ${JSON.stringify(answer)}`);
  return answer.result as T;
}
