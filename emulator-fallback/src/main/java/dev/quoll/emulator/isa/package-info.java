/// The x86-64 instruction set as data: one opcode table, and the decoder, disassembler and encoder driven by it.
///
/// The notation of the table is that of the opcode maps (SDM vol. 2, appendix A; APM vol. 3, appendix A). Everything in
/// this package is immutable and may be shared between threads, except [dev.quoll.emulator.isa.Decoder], which belongs
/// to one thread.
package dev.quoll.emulator.isa;
