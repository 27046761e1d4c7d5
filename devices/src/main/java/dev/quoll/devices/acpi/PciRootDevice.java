package dev.quoll.devices.acpi;

import static dev.quoll.devices.acpi.Aml.argument;
import static dev.quoll.devices.acpi.Aml.eisaId;
import static dev.quoll.devices.acpi.Aml.integer;
import static dev.quoll.devices.acpi.Aml.local;
import static dev.quoll.devices.acpi.Aml.name;
import static dev.quoll.devices.acpi.Aml.path;

import java.util.ArrayList;
import java.util.List;

/**
 * The ACPI device of the PCI Express root (PCI Firmware Specification 3.0, 4.5): the windows that BARs may use, the
 * routing of INTA#-INTD#, and the {@code _OSC} handshake.
 *
 * @param lastBus last bus number of the root; the first is 0
 * @param ports windows in port space
 * @param memory windows in memory; those that end below 4 GiB get 32-bit descriptors
 * @param routes where the functions' interrupt pins go; empty when functions have messages only
 * @param control the features that {@code _OSC} grants to the operating system (table 4-5)
 */
public record PciRootDevice(
        int lastBus, List<Window> ports, List<Window> memory, List<Route> routes, int control) {
    /** An address range. @param last last address in it */
    public record Window(long first, long last) {}

    /** @param device 0-31 @param pin 0 = INTA# to 3 = INTD# @param gsi global system interrupt */
    public record Route(int device, int pin, int gsi) {}

    private static final String OSC_UUID = "33db4d5b-1ff7-401c-9657-7441c03dd766";
    private static final int OSC_UNKNOWN_UUID = 0x04;
    private static final int OSC_UNKNOWN_REVISION = 0x08;
    private static final int OSC_MASKED = 0x10;
    private static final int ANY_FUNCTION = 0xffff;

    public PciRootDevice {
        ports = List.copyOf(ports);
        memory = List.copyOf(memory);
        routes = List.copyOf(routes);
    }

    /** The device object, for the {@code \_SB_} scope. */
    public AmlTerm device() {
        List<AmlTerm> content = new ArrayList<>(List.of(
                name("_HID", eisaId("PNP0A08")),
                name("_CID", eisaId("PNP0A03")),
                name("_UID", integer(0)),
                name("_SEG", integer(0)),
                name("_BBN", integer(0)),
                name("_CCA", integer(1)),
                name("_CRS", resources()),
                osc()));
        if (!routes.isEmpty()) {
            AmlTerm[] entries = routes.stream()
                    .map(route -> Aml.packageOf(
                            integer((long) route.device << 16 | ANY_FUNCTION),
                            integer(route.pin),
                            integer(0),
                            integer(route.gsi)))
                    .toArray(AmlTerm[]::new);
            content.add(name("_PRT", Aml.packageOf(entries)));
        }
        return Aml.device("PCI0", content.toArray(AmlTerm[]::new));
    }

    private AmlTerm resources() {
        List<AmlResource> crs = new ArrayList<>();
        crs.add(AmlResource.busWindow(0, lastBus));
        // The configuration ports are the root's own, not a window.
        crs.add(AmlResource.ports(0xcf8, 8));
        for (Window window : ports) {
            crs.add(AmlResource.portWindow((int) window.first, (int) window.last));
        }
        for (Window window : memory) {
            crs.add(
                    window.last >>> 32 == 0
                            ? AmlResource.memoryWindow32(window.first, window.last)
                            : AmlResource.memoryWindow64(window.first, window.last));
        }
        return Aml.resources(crs.toArray(AmlResource[]::new));
    }

    private AmlTerm osc() {
        AmlTerm status = path("CDW1");
        AmlTerm wanted = path("CDW3");
        return Aml.method(
                "_OSC",
                4,
                true,
                Aml.createDwordField(argument(3), 0, "CDW1"),
                Aml.ifThen(
                        Aml.equal(argument(0), Aml.uuid(OSC_UUID)),
                        Aml.createDwordField(argument(3), 8, "CDW3"),
                        Aml.and(wanted, integer(control), local(0)),
                        Aml.ifThen(
                                Aml.notEqual(argument(1), integer(1)),
                                Aml.or(status, integer(OSC_UNKNOWN_REVISION), status)),
                        Aml.ifThen(
                                Aml.notEqual(wanted, local(0)), Aml.or(status, integer(OSC_MASKED), status)),
                        Aml.store(local(0), wanted)),
                Aml.otherwise(Aml.or(status, integer(OSC_UNKNOWN_UUID), status)),
                Aml.returns(argument(3)));
    }
}
