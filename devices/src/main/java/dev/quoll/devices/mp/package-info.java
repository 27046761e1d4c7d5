/** The Intel MultiProcessor Specification table, for guests without ACPI. */
package dev.quoll.devices.mp;
