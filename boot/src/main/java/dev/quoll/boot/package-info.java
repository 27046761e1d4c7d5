/**
 * The board {@code quoll-pc}: which device sits where, the ACPI tables that say so, and how a kernel is put into it.
 * {@link dev.quoll.boot.Pc} is one such machine, {@link dev.quoll.boot.PcBuilder} makes it.
 */
package dev.quoll.boot;
