package dev.quoll.boot.symbols;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import dev.quoll.boot.symbols.SymbolTable.Symbol;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.RamRegion;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class KernelSymbolsTest {
    private static final long BASE = 0xffff_ffff_9a00_0000L;
    private static final int COUNT = 1000;

    /** How kernels of different age lay their symbols out. */
    enum Layout {
        /** Offsets in front, per-CPU variables absolute: up to Linux 6.3. */
        OLD,
        /** Offsets behind, all of them from the base: Linux 6.15. */
        NEW
    }

    /** Writes the tables as scripts/kallsyms.c does, with a token for each character and one longer one. */
    private static final class Tables {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();
        private final List<String> tokens = new ArrayList<>();

        byte[] write(Layout layout, int leading) {
            out.writeBytes(new byte[leading]);
            for (int i = 0; i < 256; i++) {
                tokens.add(i == 1 ? "sys_" : i >= ' ' && i < 127 ? Character.toString(i) : "unused" + i);
            }
            if (layout == Layout.OLD) {
                offsets(layout);
            }
            align();
            i32(COUNT);
            align();
            int names = out.size();
            List<Integer> places = new ArrayList<>();
            for (int i = 0; i < COUNT; i++) {
                if (i % 256 == 0) {
                    places.add(out.size() - names);
                }
                name(i);
            }
            align();
            places.forEach(this::i32);
            align();
            int table = out.size();
            List<Integer> index = new ArrayList<>();
            tokens.forEach(token -> {
                index.add(out.size() - table);
                out.writeBytes(token.getBytes(StandardCharsets.ISO_8859_1));
                out.write(0);
            });
            align();
            index.forEach(at -> out.writeBytes(new byte[] {at.byteValue(), (byte) (at >> 8)}));
            align();
            if (layout == Layout.NEW) {
                offsets(layout);
            }
            return out.toByteArray();
        }

        private void offsets(Layout layout) {
            for (int i = 0; i < COUNT; i++) {
                int offset = 0x100 * i;
                // Every tenth is a per-CPU variable.
                i32(layout == Layout.NEW || i % 10 == 0 ? offset : -1 - offset);
            }
            align();
            out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(BASE).array());
        }

        private void name(int i) {
            ByteArrayOutputStream coded = new ByteArrayOutputStream();
            coded.write(i % 10 == 0 ? 'D' : 't');
            if (i % 3 == 0) {
                coded.write(1);
            }
            coded.writeBytes(("f" + i + (i == 77 ? "x".repeat(200) : "")).getBytes(StandardCharsets.ISO_8859_1));
            if (coded.size() > 127) {
                out.write(coded.size() & 0x7f | 0x80);
                out.write(coded.size() >> 7);
            } else {
                out.write(coded.size());
            }
            out.writeBytes(coded.toByteArray());
        }

        private void i32(int value) {
            out.writeBytes(new byte[] {(byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24)});
        }

        private void align() {
            while (out.size() % 8 != 0) {
                out.write(0);
            }
        }
    }

    private static void check(List<Symbol> symbols) {
        assertThat(symbols).hasSize(COUNT * 9 / 10);
        SymbolTable table = new SymbolTable(symbols);
        assertThat(table.at(BASE + 0x100 * 7 + 5)).get().extracting(Symbol::name).isEqualTo("f7");
        assertThat(table.at(BASE + 0x100 * 9)).get().extracting(Symbol::name).isEqualTo("sys_f9");
        assertThat(table.at(BASE + 0x100 * 77)).get().extracting(Symbol::name).isEqualTo("f77" + "x".repeat(200));
        assertThat(table.at(BASE)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void functionsAreFoundInEitherLayout(Layout layout) {
        check(KernelSymbols.in(new Tables().write(layout, 4096)).orElseThrow());
    }

    @ParameterizedTest
    @EnumSource
    void pageTablesLeadToThem(Layout layout) throws Exception {
        try (GuestMemory memory = GuestMemory.create(List.of(new RamRegion(0, 16 << 20, 0)))) {
            memory.writeLong(0x1000 + 511 * 8, 0x2003);
            memory.writeLong(0x2000 + 510 * 8, 0x3003);
            // A large page of something else, a hole, and pages of 4 KiB in reverse.
            memory.writeLong(0x3000 + 100 * 8, 0x20_0000 | 0x83);
            memory.writeLong(0x3000 + 208 * 8, 0x4003);
            byte[] tables = new Tables().write(layout, 0);
            int pages = (tables.length + 4095) / 4096;
            for (int i = 0; i < pages; i++) {
                long page = 0x80_0000 - 4096L * i;
                memory.writeLong(0x4000 + i * 8, page | 3);
                memory.write(page, tables, i * 4096, Math.min(4096, tables.length - i * 4096));
            }
            check(KernelSymbols.find(memory, 0x1000).orElseThrow());
            // Five levels.
            memory.writeLong(0x5000 + 511 * 8, 0x1003);
            check(KernelSymbols.find(memory, 0x5000).orElseThrow());
            assertThat(KernelSymbols.find(memory, 0x10_0000)).isEmpty();
        }
    }

    @Test
    void tablesThatLeadNowhereAreNone() throws Exception {
        try (GuestMemory memory = GuestMemory.create(List.of(new RamRegion(0, 4 << 20, 0)))) {
            for (int i = 0; i < 512; i++) {
                // All of it leads to itself, or out of memory.
                memory.writeLong(0x1000 + i * 8, i % 2 == 0 ? 0x1003 : 0x7fff_ffff_f003L);
            }
            memory.writeLong(0x1000 + 511 * 8, 0x1003);
            memory.writeLong(0x1000 + 510 * 8, 0x1003);
            assertThat(KernelSymbols.find(memory, 0x1000)).isEmpty();
            assertThat(KernelSymbols.find(memory, -1)).isEmpty();
            assertThat(KernelSymbols.find(memory, 0)).isEmpty();
        }
    }

    @Test
    void damagedTablesNeverThrow() {
        long seed = System.nanoTime();
        System.out.println("KernelSymbolsTest seed " + seed);
        Random random = new Random(seed);
        byte[] sound = new Tables().write(Layout.OLD, 64);
        for (int round = 0; round < 300; round++) {
            byte[] damaged = Arrays.copyOf(sound, round % 3 == 0 ? 8 * random.nextInt(sound.length / 8) : sound.length);
            for (int i = 0; i < round && damaged.length > 0; i++) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            KernelSymbols.in(damaged).ifPresent(symbols -> assertThat(symbols).hasSizeLessThanOrEqualTo(1 << 20));
        }
    }

    @Test
    void aSearchInVainComesToAnEnd() {
        // Tokens are there, and everywhere before them what could be a number of names.
        byte[] tables = new Tables().write(Layout.NEW, 4 << 20);
        ByteBuffer words = ByteBuffer.wrap(tables).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < (4 << 20) + 8; at += 8) {
            words.putLong(at, 1 << 19);
        }
        assertTimeout(
                Duration.ofSeconds(20), () -> assertThat(KernelSymbols.in(tables)).isEmpty());
    }
}
