/** Small guests of our own, in assembler, and the machine they run on: the same for every engine. */
package dev.quoll.cli.guests;
