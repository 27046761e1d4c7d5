package dev.quoll.benchmarks.boot;

import dev.quoll.boot.PcBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The same guest for every contestant.
 *
 * @param kernel a bzImage
 * @param initramfs what {@link BenchmarkInitramfs} made
 * @param memoryMib guest memory in MiB
 * @param append further words for the kernel's command line
 */
record Contest(Path kernel, Path initramfs, int memoryMib, String append) {
    /** A guest that panics resets at once, and the monitor then ends: nobody waits for the time limit. */
    private static final String PANIC = "panic=-1";

    private String words() {
        return append.isBlank() ? PANIC : PANIC + " " + append.strip();
    }

    /** Quoll through its launcher, as a user starts it. @param unpack who unpacks the kernel: {@code vmm} or {@code guest} */
    Contestant quoll(String launcher, String unpack) {
        return new Contestant(
                "Quoll, kernel unpacked by " + (unpack.equals("vmm") ? "the VMM" : "the guest"),
                List.of(
                        launcher,
                        "run",
                        "--kernel",
                        kernel.toString(),
                        "--initrd",
                        initramfs.toString(),
                        "--memory",
                        memoryMib + "M",
                        "--append",
                        words(),
                        "--unpack",
                        unpack,
                        "--no-reboot"));
    }

    /** QEMU's emulator on one CPU, without devices beyond the board's. */
    Contestant qemu(String program, String machine, String cpuModel) {
        List<String> command = new ArrayList<>(List.of(program, "-accel", "tcg", "-machine", machine, "-cpu", cpuModel));
        command.addAll(List.of("-m", memoryMib + "M", "-smp", "1"));
        command.addAll(List.of("-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot"));
        command.addAll(List.of("-kernel", kernel.toString(), "-initrd", initramfs.toString()));
        command.addAll(List.of("-append", PcBuilder.DEFAULT_COMMAND_LINE + " " + words()));
        return new Contestant("QEMU TCG, -machine %s -cpu %s".formatted(machine, cpuModel), command);
    }
}
