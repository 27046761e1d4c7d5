/** x87 and MMX instructions, and the saving and restoring of floating-point and vector state. */
package dev.quoll.emulator.x87;
