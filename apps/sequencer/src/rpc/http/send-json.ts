import type { FastifyReply } from 'fastify';

/** Sends a JSON text as it is. */
export const sendJson = (reply: FastifyReply, status: number, json: string): FastifyReply =>
  reply.code(status).header('content-type', 'application/json; charset=utf-8').send(json);
