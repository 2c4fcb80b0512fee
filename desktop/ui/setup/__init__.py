"""「はじめての設定」 and the recovery sheets."""
