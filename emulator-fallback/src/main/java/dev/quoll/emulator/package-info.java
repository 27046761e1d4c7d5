/** The engine in pure Java behind the machine's contracts. */
package dev.quoll.emulator;
