/** An account form in a dialog. Loaded when opened. */
import { useApp } from "../../app/services.ts";
import { Dialog } from "../../design/dialog.tsx";
import { ACCOUNT_TITLES, AccountForm, type AccountFormKind, switchForm, whichOf } from "./account-form.tsx";

export const AccountDialog = ({ form, onClose }: { readonly form: AccountFormKind; readonly onClose: () => void }) => {
  const { dialogs } = useApp();
  const which = whichOf(form);
  return (
    <Dialog title={ACCOUNT_TITLES[which]} onClose={onClose}>
      {/* Its own state for each form: a fault of one says nothing about the other. */}
      <AccountForm
        key={which}
        form={form}
        onDone={onClose}
        onSwitch={(to) => dialogs.setState(switchForm(form, to), true)}
      />
    </Dialog>
  );
};
