/**
 * The decoders for the ways in which a kernel's payload and a Debian package's members are packed. Each takes the whole
 * packed range and a limit on what it may produce, so that a corrupt or hostile stream can neither run on nor exhaust the heap.
 */
package dev.quoll.boot.compress;
