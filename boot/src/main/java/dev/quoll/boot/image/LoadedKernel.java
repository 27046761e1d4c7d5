package dev.quoll.boot.image;

import java.util.List;

/**
 * A kernel in guest memory, ready to be entered.
 *
 * @param entry the boot processor's state
 * @param kernelStart first guest-physical address of the kernel
 * @param kernelEnd first address behind it, working space included
 * @param virtualOffset how far the kernel's virtual addresses were moved from those it was linked for
 * @param notes what the user may want to know, a sentence each: for example why a payload was not unpacked
 */
public record LoadedKernel(EntryState entry, long kernelStart, long kernelEnd, long virtualOffset, List<String> notes) {
    public LoadedKernel {
        notes = List.copyOf(notes);
    }
}
