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

    @Test
    void refusalIsOneSentence() {
        assertThatThrownBy(() -> new MemfdMemorySource().map(1L << 62))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("cannot map ");
    }
}
