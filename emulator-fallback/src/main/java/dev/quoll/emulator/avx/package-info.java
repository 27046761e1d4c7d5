/**
 * AVX and AVX2: the VEX-coded vector instructions that write a vector register or work on 256 bits. The entry is {@link
 * dev.quoll.emulator.avx.AvxFamily}. What the operations compute comes from {@link dev.quoll.emulator.sse} and {@link
 * dev.quoll.emulator.fpu}, 128 bits or an element at a time; here are operands, lengths and the clearing of upper halves.
 * VEX forms whose result is no vector register are the ops of the legacy forms: see {@link
 * dev.quoll.emulator.sse.SseFamily}.
 */
package dev.quoll.emulator.avx;
