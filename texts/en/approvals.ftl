approvals-title = Approvals
approvals-approved = You have approved request { $request } of { $operator } for { $name }.
approvals-answer-for = You answer for what you approve: ask the operator how they know who calls, and approve only what they tell you themselves.
approvals-nothing = No request waits for you. One that another operator has asked you to approve appears here by itself.
approvals-asks = { $operator } asks for a code for { $name }
approvals-earlier-codes = { $count ->
    [one] { $count } earlier code may still be good for this device.
   *[other] { $count } earlier codes may still be good for this device.
}
approvals-since-backup = A backup was put in place: codes that are not listed may still be good.
approvals-request = Request
approvals-class = Class
approvals-ordinary = ordinary
approvals-reason = Reason
approvals-caller-verified = Caller verified
approvals-by-machine = { $method }, checked by a machine
approvals-by-word = { $method }, on { $operator }’s word alone
approvals-code = Code
approvals-read-out = read out to the caller
approvals-sent-to = sent to { $address }
approvals-approve = APPROVE
approvals-approve-for = Approve the request of { $operator } for { $name }
approvals-more = There are more requests than are shown here.
approvals-by-manager = Their manager has signed in here and vouches for them
approvals-telephone = Telephone on record
