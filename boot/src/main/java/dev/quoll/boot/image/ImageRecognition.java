package dev.quoll.boot.image;

import dev.quoll.boot.compress.Compression;
import java.util.Optional;

/** Tells image formats apart, and says in words what a file is that cannot be booted. */
final class ImageRecognition {
    static final long MAX_FILE = 1L << 30;

    private static final int ARM64_MAGIC = 0x644d5241; // "ARM\x64", Documentation/arch/arm64/booting.rst
    private static final int RISCV_MAGIC = 0x05435352; // "RSC\x05", Documentation/arch/riscv/boot-image-header.rst
    private static final int HEADER_MAGIC_OFFSET = 56;

    private ImageRecognition() {}

    static KernelImage parse(ImageBytes file) throws ImageException {
        if (file.size() == 0) {
            throw new ImageException("The kernel image is empty.");
        }
        Optional<MultibootHeader> multiboot = MultibootHeader.find(file);
        if (ElfFile.recognise(file)) {
            ElfFile elf = ElfFile.parse(file);
            Optional<Long> pvhEntry = elf.pvhEntry();
            if (pvhEntry.isPresent()) {
                return new PvhKernel(elf, pvhEntry.get());
            }
            return multiboot.isPresent() ? MultibootKernel.of(file, multiboot.get(), Optional.of(elf)) : ElfKernel.of(elf);
        }
        if (SetupHeader.recognise(file)) {
            return BzImage.of(file);
        }
        if (multiboot.isPresent()) {
            return MultibootKernel.of(file, multiboot.get(), Optional.empty());
        }
        throw new ImageException(refusal(file));
    }

    private static String refusal(ImageBytes file) throws ImageException {
        if (file.has(HEADER_MAGIC_OFFSET, 4)) {
            int magic = file.i32(HEADER_MAGIC_OFFSET);
            if (magic == ARM64_MAGIC) {
                return "The kernel image is for 64-bit ARM, and this machine is x86-64.";
            }
            if (magic == RISCV_MAGIC) {
                return "The kernel image is for RISC-V, and this machine is x86-64.";
            }
        }
        Optional<Compression> compression = Compression.recognise(file.array(), 0, file.size());
        if (compression.isPresent()) {
            return "The file is %s-compressed data, not a kernel image that starts by itself; unpack it first."
                    .formatted(compression.get());
        }
        if (file.size() < 0x268 && file.has(0, 2) && file.u16(0) == 0x5a4d) {
            return file.truncated("its setup code").getMessage();
        }
        if (file.has(0, 2) && file.u16(0) == 0x5a4d) {
            return "The file is an EFI or DOS program without a Linux boot header, and not a kernel that this machine can boot.";
        }
        return "The file is not a kernel image: it is neither ELF, bzImage nor multiboot.";
    }
}
