/** The guest of {@code quoll demo}: written here instruction by instruction, assembled when it is run. */
package dev.quoll.cli.demo;
