/**
 * The general-purpose instructions: arithmetic, logic, moves, shifts, bits, strings and near control flow (SDM vol. 2).
 */
package dev.quoll.emulator.integer;
