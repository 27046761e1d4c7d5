/** Names of guest code: those that a running Linux kernel carries, and those of ELF files. */
package dev.quoll.boot.symbols;
