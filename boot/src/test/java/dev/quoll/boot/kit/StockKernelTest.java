package dev.quoll.boot.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.boot.image.BootModule;
import dev.quoll.boot.image.EntryState.Mode;
import dev.quoll.boot.image.KernelImage;
import dev.quoll.boot.image.LoadRequest;
import dev.quoll.boot.image.LoadedKernel;
import dev.quoll.boot.image.MemoryMap;
import dev.quoll.boot.initramfs.KernelModule;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.SparseFileMemorySource;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Stock kernels from the user's cache, or fetched there; skips where neither they nor apt are at hand. */
class StockKernelTest {
    private static final long RAM = 512L << 20;
    private static final MemoryMap MAP = new MemoryMap(List.of(
            new MemoryMap.Range(0, 0x9fc00, MemoryMap.Type.RAM),
            new MemoryMap.Range(0x100000, RAM - 0x100000, MemoryMap.Type.RAM)));

    @Test
    void cloudKernel() throws Exception {
        checkKernel(KernelFlavour.CLOUD);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "CLOUD")
    @Tag("long")
    void otherKernels(KernelFlavour flavour) throws Exception {
        checkKernel(flavour);
    }

    private static void checkKernel(KernelFlavour flavour) throws Exception {
        DownloadKit kit = new DownloadKit(DownloadKit.userCache(), Progress.NONE);
        KernelFiles kernel;
        byte[] ramdisk;
        try {
            kernel = kit.kernel(flavour);
            ramdisk = kit.initramfs(kernel);
        } catch (KitException e) {
            assumeTrue(false, "no stock kernel at hand: " + e.getMessage());
            throw e;
        }
        if (!kernel.release().isEmpty()) {
            assertThat(kernel.modules()).extracting(KernelModule::name).contains("virtio_pci", "virtio_blk", "virtio_ring");
        }
        KernelImage image = KernelImage.parse(kernel.kernel());
        Mode mode = flavour == KernelFlavour.INSTALLER_I386 ? Mode.PROTECTED32 : Mode.LONG64;
        byte[] fixed = load(image, ramdisk, "nokaslr", 1, mode, 0);
        byte[] moved = load(image, ramdisk, "", 1, mode, -1);
        // Tens of thousands of places hold addresses, and everything else is as it was.
        int different = 0;
        for (int i = 0; i < fixed.length; i++) {
            different += fixed[i] == moved[i] ? 0 : 1;
        }
        assertThat(different).isBetween(50_000, fixed.length / 4);
    }

    /** @param virtualOffset the expected one, or -1 for any but zero */
    private static byte[] load(KernelImage image, byte[] ramdisk, String commandLine, long seed, Mode mode, long virtualOffset) throws Exception {
        try (GuestMemory memory = GuestMemory.create(new SparseFileMemorySource(), List.of(new RamRegion(0, RAM, 0)))) {
            LoadRequest request = LoadRequest.of(MAP, commandLine).withRandom(new Random(seed)).withModules(BootModule.of(ramdisk));
            LoadedKernel loaded = image.load(memory, request);
            assertThat(loaded.notes()).isEmpty();
            assertThat(loaded.entry().mode()).isEqualTo(mode);
            if (virtualOffset == -1) {
                assertThat(loaded.virtualOffset()).isNotZero();
            } else {
                assertThat(loaded.virtualOffset()).isEqualTo(virtualOffset);
            }
            byte[] text = new byte[8 << 20];
            memory.read(loaded.kernelStart(), text, 0, text.length);
            return text;
        }
    }
}
