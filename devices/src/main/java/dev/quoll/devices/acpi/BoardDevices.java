package dev.quoll.devices.acpi;

import static dev.quoll.devices.acpi.Aml.device;
import static dev.quoll.devices.acpi.Aml.eisaId;
import static dev.quoll.devices.acpi.Aml.integer;
import static dev.quoll.devices.acpi.Aml.name;
import static dev.quoll.devices.acpi.Aml.resources;

import java.util.ArrayList;
import java.util.List;

/**
 * ACPI device objects of the board's fixed devices, for the {@code \_SB_} scope. Every one carries its interrupt in
 * {@code _CRS}: a hardware-reduced guest assumes no ISA interrupt by itself.
 */
public final class BoardDevices {
    private static final int ALWAYS_PRESENT = 0xf;

    private BoardDevices() {}

    /** A 16550A port. @param uid 0 for COM1 */
    public static AmlTerm serialPort(int uid, int port, int irq) {
        return device(
                "COM" + (uid + 1),
                name("_HID", eisaId("PNP0501")),
                name("_UID", integer(uid)),
                name("_STA", integer(ALWAYS_PRESENT)),
                name("_CRS", resources(AmlResource.ports(port, 8), AmlResource.isaInterrupt(irq))));
    }

    /** The keyboard behind the 8042 at ports 0x60 and 0x64. */
    public static AmlTerm keyboard(int irq) {
        return device(
                "PS2K",
                name("_HID", eisaId("PNP0303")),
                name("_STA", integer(ALWAYS_PRESENT)),
                name(
                        "_CRS",
                        resources(
                                AmlResource.ports(0x60, 1),
                                AmlResource.ports(0x64, 1),
                                AmlResource.isaInterrupt(irq))));
    }

    /** The CMOS RTC. @param port of the index register */
    public static AmlTerm realTimeClock(int port, int irq) {
        return device(
                "RTC0",
                name("_HID", eisaId("PNP0B00")),
                name("_STA", integer(ALWAYS_PRESENT)),
                name("_CRS", resources(AmlResource.ports(port, 2), AmlResource.isaInterrupt(irq))));
    }

    /** The 8254 with its interrupt; legacy boards. */
    public static AmlTerm intervalTimer(int port, int irq) {
        return device(
                "PIT0",
                name("_HID", eisaId("PNP0100")),
                name("_CRS", resources(AmlResource.ports(port, 4), AmlResource.isaInterrupt(irq))));
    }

    /** The HPET; legacy boards. */
    public static AmlTerm hpet(long base) {
        return device(
                "HPET",
                name("_HID", eisaId("PNP0103")),
                name("_CRS", resources(AmlResource.memory32(base, 0x400, false))));
    }

    /** Motherboard resources (PNP0C02): memory that no driver may take, such as the ECAM window. */
    public static AmlTerm reservedMemory(String name, int uid, long base, long length) {
        return device(
                name,
                name("_HID", eisaId("PNP0C02")),
                name("_UID", integer(uid)),
                name("_CRS", resources(AmlResource.memory32(base, length, true))));
    }

    /** The control-method power button {@code PWRB}. */
    public static AmlTerm powerButton() {
        return device(
                "PWRB",
                name("_HID", eisaId("PNP0C0C")),
                name("_UID", integer(0)),
                name("_STA", integer(ALWAYS_PRESENT)));
    }

    /** A processor (ACPI 6.5, 8.4). @param uid the one of its MADT entry, 0-4095 */
    public static AmlTerm processor(int uid) {
        return device("C%03X".formatted(uid), name("_HID", Aml.string("ACPI0007")), name("_UID", integer(uid)));
    }

    /**
     * The virtual machine generation id {@code VGEN} (Microsoft, Virtual Machine Generation ID, 2012): where its 16 bytes lie.
     *
     * @param address guest-physical, a multiple of 8
     */
    public static AmlTerm generationId(long address) {
        return device(
                "VGEN",
                name("_HID", Aml.string("QUOL0001")),
                name("_CID", Aml.string("VM_Gen_Counter")),
                name("_DDN", Aml.string("VM_Gen_Counter")),
                name("ADDR", Aml.packageOf(integer(address & 0xffff_ffffL), integer(address >>> 32))));
    }

    /**
     * One interrupt of the generic event device.
     *
     * @param gsi global system interrupt, edge triggered
     * @param body what the guest runs when it comes, for example a notification of the power button
     */
    public record Event(int gsi, List<AmlTerm> body) {
        public Event {
            body = List.copyOf(body);
        }
    }

    /** The generic event device (ACPI 6.5, 5.6.9): interrupts that run control methods. */
    public static AmlTerm genericEventDevice(List<Event> events) {
        List<AmlResource> interrupts = new ArrayList<>();
        List<AmlTerm> cases = new ArrayList<>();
        for (Event event : events) {
            interrupts.add(AmlResource.interrupt(event.gsi, false, false, false));
            cases.add(Aml.ifThen(
                    Aml.equal(Aml.argument(0), integer(event.gsi)), event.body.toArray(AmlTerm[]::new)));
        }
        return device(
                "GED0",
                name("_HID", Aml.string("ACPI0013")),
                name("_UID", integer(0)),
                name("_CRS", resources(interrupts.toArray(AmlResource[]::new))),
                Aml.method("_EVT", 1, true, cases.toArray(AmlTerm[]::new)));
    }

    /** A virtio-mmio transport. @param index 0-99, also its unique id */
    public static AmlTerm virtioMmio(int index, long base, long length, int gsi) {
        return device(
                "VR%02d".formatted(index),
                name("_HID", Aml.string("LNRO0005")),
                name("_UID", integer(index)),
                name("_CCA", integer(1)),
                name(
                        "_CRS",
                        resources(
                                AmlResource.memory32(base, length, true),
                                AmlResource.interrupt(gsi, true, false, false))));
    }

    /** The soft-off state, for the root scope. @param type SLP_TYP value */
    public static AmlTerm softOff(int type) {
        return name("_S5_", Aml.packageOf(integer(type), integer(0), integer(0), integer(0)));
    }
}
