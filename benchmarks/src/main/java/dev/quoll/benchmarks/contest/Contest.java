package dev.quoll.benchmarks.contest;

import dev.quoll.benchmarks.BenchmarkException;
import dev.quoll.boot.PcBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The same guest for every contestant.
 *
 * @param kernel a bzImage
 * @param initramfs its first process says what is to be measured
 * @param memoryMib guest memory in MiB
 * @param cpus virtual CPUs
 * @param append further words for the kernel's command line
 */
public record Contest(Path kernel, Path initramfs, int memoryMib, int cpus, String append) {
    /** Where the launcher says it is; the program is started through it. */
    private static final String LAUNCHER = "quoll.launcher";
    /** A guest that panics resets at once, and the monitor then ends: nobody waits for the time limit. */
    private static final String PANIC = "panic=-1";

    private String words() {
        return append.isBlank() ? PANIC : PANIC + " " + append.strip();
    }

    /** The launcher, through which a user starts Quoll. */
    public static String launcher() throws BenchmarkException {
        String launcher = System.getProperty(LAUNCHER);
        if (launcher == null) {
            throw new BenchmarkException("start it through the launcher, ./quoll bench, which it measures.");
        }
        return launcher;
    }

    /** Quoll through its launcher. @param options further ones of {@code quoll run} */
    public Contestant quoll(String name, String launcher, List<String> options) {
        List<String> command = new ArrayList<>(List.of(launcher, "run", "--kernel", kernel.toString()));
        command.addAll(List.of("--initrd", initramfs.toString(), "--memory", memoryMib + "M"));
        command.addAll(List.of("--cpus", Integer.toString(cpus), "--append", words(), "--no-reboot"));
        command.addAll(options);
        return new Contestant(name, command);
    }

    /** QEMU's emulator, without devices beyond the board's. Its threads bear names. */
    public Contestant qemu(String program, String machine, String cpuModel) {
        List<String> command = new ArrayList<>(List.of(program, "-accel", "tcg", "-machine", machine, "-cpu", cpuModel));
        command.addAll(List.of("-name", "quoll-bench,debug-threads=on"));
        command.addAll(List.of("-m", memoryMib + "M", "-smp", Integer.toString(cpus)));
        command.addAll(List.of("-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot"));
        command.addAll(List.of("-kernel", kernel.toString(), "-initrd", initramfs.toString()));
        command.addAll(List.of("-append", PcBuilder.DEFAULT_COMMAND_LINE + " " + words()));
        return new Contestant("QEMU TCG, -machine %s -cpu %s".formatted(machine, cpuModel), command);
    }
}
