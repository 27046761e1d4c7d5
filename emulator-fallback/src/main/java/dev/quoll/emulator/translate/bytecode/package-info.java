/**
 * The tier for hosts that the host translator is not for: hot regions of guest code become methods of the JVM, with guest registers and
 * flags in local variables, for its compilers to do the rest.
 */
package dev.quoll.emulator.translate.bytecode;
