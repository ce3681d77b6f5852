// SPDX-License-Identifier: GPL-2.0-only
// A page that nobody makes anew cannot say so by itself: what it holds back with the time from which
// on it is so is shown once that has passed by the reader's clock. Without scripts the page says when
// it was made, and by when the next look is due.
"use strict";

for (const told of document.querySelectorAll("[data-from]")) {
  if (Date.now() > Date.parse(told.dataset.from)) told.hidden = false;
}
