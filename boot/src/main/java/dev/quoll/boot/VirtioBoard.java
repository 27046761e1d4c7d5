package dev.quoll.boot;

import dev.quoll.devices.interrupt.SharedLine;
import dev.quoll.devices.pci.PciBus;
import dev.quoll.devices.virtio.VirtioDevice;
import dev.quoll.devices.virtio.VirtioMmioDevice;
import dev.quoll.devices.virtio.VirtioPciFunction;
import dev.quoll.devices.virtio.VirtioWiring;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.Machine;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Puts the planned virtio devices into their places. */
final class VirtioBoard {
    /** A device and its PCI slot. */
    record Planned(int slot, VirtioSource source) {}

    private final Machine machine;
    private final List<Planned> devices;
    private final boolean packedRings;
    private final Consumer<String> notices;

    VirtioBoard(Machine machine, PcBuilder plan) {
        this.machine = machine;
        devices = plan.virtioDevices();
        packedRings = plan.offersPackedRings();
        notices = plan.noticeSink();
    }

    /** @param lines the wires of the PCI interrupt pins, by GSI from {@link BoardMap#GSI_PCI} */
    void attach(PciBus pci, List<SharedLine> lines) throws DeviceUnavailableException {
        for (Planned planned : devices) {
            int gsi = BoardMap.pciGsi(planned.slot, 0);
            InterruptLine line = lines.get(gsi - BoardMap.GSI_PCI).driver();
            pci.attach(planned.slot, 0, function(planned.slot, make(planned), wiring(line), gsi));
        }
    }

    /** Without PCI: one window after the other. @param lines interrupt wires by GSI */
    void attach(IntFunction<InterruptLine> lines) throws DeviceUnavailableException {
        for (int index = 0; index < devices.size(); index++) {
            InterruptLine line = lines.apply(BoardMap.virtioMmioGsi(index));
            window(index, make(devices.get(index)), wiring(line));
        }
    }

    /** What the kernel's command line says of as many windows (Linux, Documentation/admin-guide/kernel-parameters.txt). */
    static String commandLine(int windows) {
        return IntStream.range(0, windows)
                .mapToObj(index -> "virtio_mmio.device=4K@0x%x:%d"
                        .formatted(BoardMap.virtioMmio(index), BoardMap.virtioMmioGsi(index)))
                .collect(Collectors.joining(" "));
    }

    private VirtioWiring wiring(InterruptLine line) {
        return new VirtioWiring(machine.memory(), line, packedRings, notices);
    }

    private VirtioDevice<?> make(Planned planned) throws DeviceUnavailableException {
        try {
            return planned.source.make(machine, notices);
        } catch (IOException e) {
            throw new DeviceUnavailableException(e);
        }
    }

    private <S extends Record> VirtioPciFunction<S> function(
            int slot, VirtioDevice<S> device, VirtioWiring wiring, int gsi) {
        long window = BoardMap.PCI_WINDOW_32 + slot * VirtioPciFunction.WINDOW_LENGTH;
        VirtioPciFunction<S> function = machine.add(new VirtioPciFunction<>(
                device, wiring, machine.mmio(), machine.partition().msiSink(), gsi, window));
        machine.closeWith(function);
        return function;
    }

    private <S extends Record> void window(int index, VirtioDevice<S> device, VirtioWiring wiring) {
        VirtioMmioDevice<S> window = machine.add(new VirtioMmioDevice<>(device, wiring));
        machine.mmio()
                .register(BoardMap.virtioMmio(index), VirtioMmioDevice.LENGTH, VirtioMmioDevice.WIDTHS, window);
        machine.closeWith(window);
    }
}
