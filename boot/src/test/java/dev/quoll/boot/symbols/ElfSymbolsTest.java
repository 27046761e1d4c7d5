package dev.quoll.boot.symbols;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.boot.symbols.SymbolTable.Symbol;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ElfSymbolsTest {
    @TempDir
    private Path folder;

    /** A file with a symbol table of a function, a variable and another function. */
    private static ByteBuffer file() {
        ByteBuffer elf = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
        elf.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1);
        elf.putLong(40, 64).putShort(60, (short) 3);
        section(elf, 1, 2, 256, 3 * 24, 2);
        section(elf, 2, 3, 400, 30, 0);
        symbol(elf, 256, 1, 2, 0x401000, 0x20);
        symbol(elf, 280, 6, 1, 0x402000, 8);
        symbol(elf, 304, 12, 2, 0x401080, 0);
        elf.put(400, "\0main\0value\0last\0".getBytes(StandardCharsets.US_ASCII));
        return elf;
    }

    private static void section(ByteBuffer elf, int index, int type, long offset, long size, int link) {
        int at = 64 + 64 * index;
        elf.putInt(at + 4, type).putLong(at + 24, offset).putLong(at + 32, size).putInt(at + 40, link);
    }

    private static void symbol(ByteBuffer elf, int at, int name, int kind, long address, long size) {
        elf.putInt(at, name).put(at + 4, (byte) (0x10 | kind)).putLong(at + 8, address).putLong(at + 16, size);
    }

    private Path write(ByteBuffer elf) throws IOException {
        return Files.write(folder.resolve("program"), elf.array());
    }

    @Test
    void functionsHaveNamesAndSizes() throws Exception {
        List<Symbol> symbols = ElfSymbols.read(write(file()), 0x1000);
        assertThat(symbols).containsExactly(new Symbol(0x402000, 0x20, "main"), new Symbol(0x402080, 0, "last"));
        SymbolTable table = new SymbolTable(symbols);
        assertThat(table.at(0x402000)).get().extracting(Symbol::name).isEqualTo("main");
        assertThat(table.at(0x40201f)).get().extracting(Symbol::name).isEqualTo("main");
        assertThat(table.at(0x402020)).isEmpty();
        assertThat(table.at(0x402090)).get().extracting(Symbol::name).isEqualTo("last");
        assertThat(table.at(0x402080 + (1 << 20))).isEmpty();
        assertThat(table.at(0x401fff)).isEmpty();
        assertThat(table.at(-1)).isEmpty();
    }

    @Test
    void whatIsNoElfFileAndWhatIsDamagedIsTold() throws Exception {
        assertThatThrownBy(() -> ElfSymbols.read(write(ByteBuffer.allocate(100)), 0))
                .isInstanceOf(IOException.class)
                .hasMessageEndingWith("it is not a 64-bit ELF file");
        for (int field : new int[] {40, 64 + 64 + 24, 64 + 64 + 40, 256}) {
            ByteBuffer elf = file();
            elf.putInt(field, 0x7fff_fff0);
            assertThatThrownBy(() -> ElfSymbols.read(write(elf), 0))
                    .as("field %d", field)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is damaged");
        }
    }
}
