package dev.quoll.devices.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.bindings.NativeAccess;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.MemorySource;
import dev.quoll.machine.RamRegion;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MemfdMemorySourceTest {
    @BeforeEach
    void needsNativeAccess() {
        assumeTrue(NativeAccess.available(), NativeAccess.unavailableReason().orElse(""));
    }

    @Test
    void mapsMoreThanTheHostHasAndTouchesNothing() throws IOException {
        MemorySource source = new MemfdMemorySource();
        assertThat(source.supported()).isTrue();
        long size = 1L << 40;
        try (MemorySource.Mapping mapping = source.map(size)) {
            assertThat(mapping.segment().byteSize()).isEqualTo(size);
            assertThat(mapping.fileDescriptor()).isGreaterThan(2);
            assertThat(mapping.segment().get(ValueLayout.JAVA_LONG, size - 8)).isZero();
            mapping.segment().set(ValueLayout.JAVA_LONG, size - 8, 42);
            assertThat(mapping.segment().get(ValueLayout.JAVA_LONG, size - 8)).isEqualTo(42);
        }
    }

    @Test
    void isWhatGuestMemoryChooses() throws IOException {
        try (GuestMemory memory = GuestMemory.create(List.of(new RamRegion(0, 1 << 20, 0)))) {
            assertThat(memory.fileDescriptor()).isGreaterThan(2);
            memory.writeLong(0xff8, 0x1234);
            assertThat(memory.readLong(0xff8)).isEqualTo(0x1234);
        }
    }

    private static long hugePages(String name) throws IOException {
        Path file = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB", name);
        assumeTrue(Files.isReadable(file), "this kernel has no huge pages");
        return Long.parseLong(Files.readString(file).strip());
    }

    /** Either the host has huge pages set aside, or it says how many are missing and what to do. */
    @Test
    void hugePagesAreTakenAtOnceOrRefused() throws IOException {
        long free = hugePages("free_hugepages") - hugePages("resv_hugepages");
        if (free >= 2) {
            try (MemorySource.Mapping mapping = new MemfdMemorySource().mapHuge(3 << 20)) {
                assertThat(hugePages("resv_hugepages")).isGreaterThanOrEqualTo(2);
                mapping.segment().set(ValueLayout.JAVA_LONG, (3 << 20) - 8, 42);
                assertThat(mapping.segment().get(ValueLayout.JAVA_LONG, (3 << 20) - 8)).isEqualTo(42);
                assertThat(mapping.release(0, 2 << 20)).isFalse();
            }
            assertThat(hugePages("free_hugepages") - hugePages("resv_hugepages")).isEqualTo(free);
        }
        long tooMany = free + 1;
        assertThatThrownBy(() -> new MemfdMemorySource().mapHuge(tooMany << 21))
                .isInstanceOf(IOException.class)
                .hasMessage(("guest RAM of %d MiB needs %d huge pages of 2 MiB, and the host has %d free: set them aside "
                                + "(sudo sysctl vm.nr_hugepages=%d), or go without.")
                        .formatted(2 * tooMany, tooMany, free, tooMany));
    }

    @Test
    void refusalIsOneSentence() {
        assertThatThrownBy(() -> new MemfdMemorySource().map(1L << 62))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("cannot map ");
    }
}
