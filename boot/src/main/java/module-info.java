/** The loaders (kernel images, initial ramdisks, the download kit) and the board that runs what they load. */
module dev.quoll.boot {
    requires transitive dev.quoll.devices;
    requires transitive dev.quoll.machine;
    requires org.tukaani.xz;

    exports dev.quoll.boot;
    exports dev.quoll.boot.debian;
    exports dev.quoll.boot.disk;
    exports dev.quoll.boot.image;
    exports dev.quoll.boot.initramfs;
    exports dev.quoll.boot.kit;
    exports dev.quoll.boot.symbols;

    provides dev.quoll.devices.block.ZstdDecoder with
            dev.quoll.boot.compress.ZstdClusters;
}
