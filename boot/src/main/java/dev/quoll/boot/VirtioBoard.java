package dev.quoll.boot;

import dev.quoll.devices.interrupt.SharedLine;
import dev.quoll.devices.pci.PciBus;
import dev.quoll.devices.virtio.VirtioDevice;
import dev.quoll.devices.virtio.VirtioPciFunction;
import dev.quoll.devices.virtio.VirtioWiring;
import dev.quoll.machine.Machine;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/** Puts the planned virtio devices into their slots. */
final class VirtioBoard {
    /** A device and its PCI slot. */
    record Planned(int slot, VirtioSource source) {}

    private final Machine machine;
    private final boolean packedRings;
    private final Consumer<String> notices;

    VirtioBoard(Machine machine, PcBuilder plan) {
        this.machine = machine;
        packedRings = plan.offersPackedRings();
        notices = plan.noticeSink();
    }

    /** @param lines the wires of the PCI interrupt pins, by GSI from {@link BoardMap#GSI_PCI} */
    void attach(PciBus pci, List<SharedLine> lines, List<Planned> devices) throws DeviceUnavailableException {
        for (Planned planned : devices) {
            int gsi = BoardMap.pciGsi(planned.slot, 0);
            VirtioWiring wiring = new VirtioWiring(
                    machine.memory(), lines.get(gsi - BoardMap.GSI_PCI).driver(), packedRings, notices);
            pci.attach(planned.slot, 0, function(planned, make(planned), wiring, gsi));
        }
    }

    private VirtioDevice<?> make(Planned planned) throws DeviceUnavailableException {
        try {
            return planned.source.make(machine, notices);
        } catch (IOException e) {
            throw new DeviceUnavailableException(e);
        }
    }

    private <S extends Record> VirtioPciFunction<S> function(
            Planned planned, VirtioDevice<S> device, VirtioWiring wiring, int gsi) {
        long window = BoardMap.PCI_WINDOW_32 + planned.slot * VirtioPciFunction.WINDOW_LENGTH;
        VirtioPciFunction<S> function = machine.add(new VirtioPciFunction<>(
                device, wiring, machine.mmio(), machine.partition().msiSink(), gsi, window));
        machine.closeWith(function);
        return function;
    }
}
