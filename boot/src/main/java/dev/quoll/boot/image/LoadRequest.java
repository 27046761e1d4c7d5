package dev.quoll.boot.image;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * What a kernel is loaded with.
 *
 * @param memoryMap told to the kernel; its RAM must be RAM of the guest memory loaded into
 * @param commandLine the kernel's command line, without a zero character
 * @param modules for Linux initial ramdisks, which are laid end to end; else modules in their order
 * @param rsdpAddress guest-physical address of the ACPI root pointer, or 0 for none
 * @param unpackPayload whether a bzImage is unpacked here rather than by its own slow decompressor in the guest
 * @param random source for the kernel's address space layout randomisation
 */
public record LoadRequest(
        MemoryMap memoryMap,
        String commandLine,
        List<BootModule> modules,
        long rsdpAddress,
        boolean unpackPayload,
        RandomGenerator random) {
    public LoadRequest {
        Objects.requireNonNull(memoryMap);
        Objects.requireNonNull(random);
        modules = List.copyOf(modules);
        if (commandLine.indexOf(0) >= 0) {
            throw new IllegalArgumentException("the command line holds a zero character");
        }
    }

    /** A request without modules and ACPI tables that unpacks and randomises. */
    public static LoadRequest of(MemoryMap memoryMap, String commandLine) {
        return new LoadRequest(memoryMap, commandLine, List.of(), 0, true, new SecureRandom());
    }

    public LoadRequest withModules(BootModule... modules) {
        return new LoadRequest(memoryMap, commandLine, List.of(modules), rsdpAddress, unpackPayload, random);
    }

    public LoadRequest withRsdpAddress(long rsdpAddress) {
        return new LoadRequest(memoryMap, commandLine, modules, rsdpAddress, unpackPayload, random);
    }

    public LoadRequest withUnpackPayload(boolean unpackPayload) {
        return new LoadRequest(memoryMap, commandLine, modules, rsdpAddress, unpackPayload, random);
    }

    public LoadRequest withRandom(RandomGenerator random) {
        return new LoadRequest(memoryMap, commandLine, modules, rsdpAddress, unpackPayload, random);
    }

    /** Whether the command line has the word by itself, as the kernel's {@code cmdline_find_option_bool} looks for it. */
    boolean hasOption(String word) {
        return Arrays.asList(commandLine.split("\\s+")).contains(word);
    }

    byte[] commandLineBytes() {
        return commandLine.getBytes(StandardCharsets.UTF_8);
    }
}
