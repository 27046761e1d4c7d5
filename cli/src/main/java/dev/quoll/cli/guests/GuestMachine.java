package dev.quoll.cli.guests;

import dev.quoll.machine.CpuProfile;
import dev.quoll.machine.Engine;
import dev.quoll.machine.EngineException;
import dev.quoll.machine.Machine;
import dev.quoll.machine.MachineConfig;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.VirtualCpu;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;

/** A machine with one of our own guests in it, on any engine. */
public final class GuestMachine implements AutoCloseable {
    private final Machine machine;
    private final GuestDevices devices;

    /**
     * Makes the machine; it stands still until it is started.
     *
     * @throws EngineException when the engine cannot do it; one sentence for the user
     */
    public GuestMachine(OwnGuest guest, Engine engine) throws IOException, EngineException {
        machine = Machine.create(
                new MachineConfig(
                        List.of(new RamRegion(0, GuestLayout.RAM, 0)), CpuProfile.V3, guest.cpus(), true),
                engine);
        devices = GuestDevices.attach(machine);
        machine.setLoader(_ -> GuestLayout.load(guest, machine.memory(), cpus()));
    }

    private List<VirtualCpu> cpus() {
        return IntStream.range(0, machine.partition().cpuCount())
                .mapToObj(machine.partition()::cpu)
                .toList();
    }

    /** The machine: start it, wait for its end. */
    public Machine machine() {
        return machine;
    }

    /** The text that the guest has written. */
    public String output() {
        return devices.output();
    }

    /** The value of one of the 512 device registers. */
    public long register(int number) {
        return devices.register(number);
    }

    /** Eight bytes of the guest's own data. */
    public long data(long offset) {
        return machine.memory().readLong(GuestLayout.DATA + offset);
    }

    @Override
    public void close() {
        machine.close();
    }
}
