/** Two engines run the same guest side by side, and their architectural state is compared. */
package dev.quoll.cli.lockstep;
