/** Device models of the quoll-pc board and the host back-ends behind them. */
module dev.quoll.devices {
    requires transitive dev.quoll.machine;
    requires dev.quoll.bindings;
    // com.sun.nio.file: direct I/O.
    requires jdk.unsupported;

    exports dev.quoll.devices;
    exports dev.quoll.devices.acpi;
    exports dev.quoll.devices.ata;
    exports dev.quoll.devices.balloon;
    exports dev.quoll.devices.block;
    exports dev.quoll.devices.block.qcow2;
    exports dev.quoll.devices.chipset;
    exports dev.quoll.devices.console;
    exports dev.quoll.devices.debug;
    exports dev.quoll.devices.entropy;
    exports dev.quoll.devices.firmware;
    exports dev.quoll.devices.host;
    exports dev.quoll.devices.input;
    exports dev.quoll.devices.interrupt;
    exports dev.quoll.devices.mp;
    exports dev.quoll.devices.net;
    exports dev.quoll.devices.net.user;
    exports dev.quoll.devices.pci;
    exports dev.quoll.devices.serial;
    exports dev.quoll.devices.share;
    exports dev.quoll.devices.smbios;
    exports dev.quoll.devices.time;
    exports dev.quoll.devices.virtio;
    exports dev.quoll.devices.vsock;

    uses dev.quoll.devices.block.ZstdDecoder;

    provides dev.quoll.machine.MemorySource with
            dev.quoll.devices.host.MemfdMemorySource;
}
