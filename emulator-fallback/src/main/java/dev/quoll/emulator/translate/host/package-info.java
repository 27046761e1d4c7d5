/**
 * The host translator: guest code becomes host machine code of the same instruction set, with memory accesses through the soft TLB. What
 * it does not translate is one step of the interpreter.
 */
package dev.quoll.emulator.translate.host;
