/** ACPI hardware registers, an AML writer and builders of the ACPI tables. */
package dev.quoll.devices.acpi;
