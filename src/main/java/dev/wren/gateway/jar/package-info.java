/** Uploaded jars: kept by content, checked as hostile, pinned by callsets. */
@NullMarked
package dev.wren.gateway.jar;

import org.jspecify.annotations.NullMarked;
