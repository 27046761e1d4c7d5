/** What the machine says of itself to management software: the DMTF's SMBIOS reference, DSP0134 version 3.2. */
package dev.quoll.devices.smbios;
