/** The object store on a folder of this machine. */
@NullMarked
package dev.wren.gateway.store.file;

import org.jspecify.annotations.NullMarked;
