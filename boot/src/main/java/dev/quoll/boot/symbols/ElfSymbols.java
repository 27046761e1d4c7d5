package dev.quoll.boot.symbols;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The functions of a 64-bit ELF file (System V ABI, "Object Files": sections and symbol tables). */
public final class ElfSymbols {
    private static final int MAGIC = 0x464c457f;
    private static final int CLASS_64 = 2;
    private static final int SECTION_BYTES = 64;
    private static final int SYMBOL_BYTES = 24;
    private static final int SHT_SYMTAB = 2;
    private static final int SHT_DYNSYM = 11;
    private static final int STT_FUNC = 2;
    private static final int STT_GNU_IFUNC = 10;

    private ElfSymbols() {}

    /**
     * Reads a file's functions; a stripped file has none.
     *
     * @param base added to every address: where the file is loaded, for one that is not bound to an address
     * @throws IOException when it cannot be read, or is no such file; the message is a sentence without its stop
     */
    public static List<SymbolTable.Symbol> read(Path path, long base) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
        try {
            if (file.limit() < 64 || file.getInt(0) != MAGIC || file.get(4) != CLASS_64 || file.get(5) != 1) {
                throw new IOException("it is not a 64-bit ELF file");
            }
            return functions(file, base);
        } catch (IndexOutOfBoundsException e) {
            throw new IOException("it is damaged: its symbol tables lead out of the file", e);
        }
    }

    private static List<SymbolTable.Symbol> functions(ByteBuffer file, long base) {
        List<SymbolTable.Symbol> found = new ArrayList<>();
        int sections = offset(file.getLong(40));
        int count = file.getShort(60) & 0xffff;
        for (int i = 0; i < count; i++) {
            int section = sections + i * SECTION_BYTES;
            int type = file.getInt(section + 4);
            if (type == SHT_SYMTAB || type == SHT_DYNSYM) {
                int names = offset(file.getLong(sections + file.getInt(section + 40) * SECTION_BYTES + 24));
                int start = offset(file.getLong(section + 24));
                int end = start + offset(file.getLong(section + 32));
                for (int at = start; at + SYMBOL_BYTES <= end; at += SYMBOL_BYTES) {
                    int kind = file.get(at + 4) & 15;
                    long address = file.getLong(at + 8);
                    if ((kind == STT_FUNC || kind == STT_GNU_IFUNC) && address != 0) {
                        String name = name(file, names + file.getInt(at));
                        found.add(new SymbolTable.Symbol(base + address, file.getLong(at + 16), name));
                    }
                }
            }
        }
        return found;
    }

    /** A file's offset; one that no array can have lies outside of it. */
    private static int offset(long value) {
        return value < 0 || value > Integer.MAX_VALUE / 2 ? Integer.MAX_VALUE / 2 : (int) value;
    }

    private static String name(ByteBuffer file, int start) {
        int end = start;
        while (file.get(end) != 0) {
            end++;
        }
        return new String(file.array(), start, end - start, StandardCharsets.UTF_8);
    }
}
