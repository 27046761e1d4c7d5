/**
 * SSE to SSE4.2, AES, PCLMULQDQ and SHA in their legacy encodings: the ops, by topic. The entry is {@link
 * dev.quoll.emulator.sse.SseFamily}; arithmetic comes from {@link dev.quoll.emulator.fpu}.
 */
package dev.quoll.emulator.sse;
